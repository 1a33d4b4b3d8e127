import type { Permission } from "@troth/log";
import type { Role, TopicTable } from "./table.ts";

export type AclOptions = {
  /** Kafka's name of a role is this and the role's: `User:troth-` and `monitor`. */
  readonly principalPrefix: string;
};

/**
 * What each role may do, and nothing else: whatever no permission names, the authoriser refuses.
 * Reading a topic's settings is part of using it, as they are checked before anything is trusted to it.
 */
export function permissionsOf(table: TopicTable, options: AclOptions): readonly Permission[] {
  const principal = (role: Role): string => `${options.principalPrefix}${role}`;
  const all: Permission[] = [];
  for (const { name, written, read, described, group } of table.topics) {
    const topic = { resource: "topic", name } as const;
    for (const role of described)
      all.push({ principal: principal(role), ...topic, operation: "describe" });
    for (const role of new Set([...written, ...read, ...described]))
      all.push({ principal: principal(role), ...topic, operation: "describe-configs" });
    for (const role of written)
      all.push({ principal: principal(role), ...topic, operation: "write" });
    for (const role of read) all.push({ principal: principal(role), ...topic, operation: "read" });
    // A group is named for the role whose members share the topic's partitions.
    for (const role of read.filter((one) => group === `troth.${one}`))
      all.push({
        principal: principal(role),
        resource: "group",
        name: `troth.${role}`,
        operation: "read",
      });
  }
  return all;
}

/** The same as lines for Kafka's own tool. */
export const asKafkaAcls = (permissions: readonly Permission[]): readonly string[] =>
  permissions.map(
    ({ principal, resource, name, operation }) =>
      `kafka-acls.sh --bootstrap-server "$BROKERS" --command-config admin.properties --add ` +
      `--allow-principal ${principal} --operation ${toolNames[operation]} --${resource} ${name}`,
  );

const toolNames: Readonly<Record<Permission["operation"], string>> = {
  read: "Read",
  write: "Write",
  describe: "Describe",
  "describe-configs": "DescribeConfigs",
};
