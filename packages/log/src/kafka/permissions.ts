import kafkajs, { type AclEntry, type Admin } from "kafkajs";

/** One thing one principal may do; whatever is not named is refused. */
export type Permission = {
  /** `User:NAME`. */
  readonly principal: string;
  readonly resource: "topic" | "group";
  readonly name: string;
  readonly operation: "read" | "write" | "describe" | "describe-configs";
};

function entryOf({ principal, resource, name, operation }: Permission): AclEntry {
  const resources = {
    topic: kafkajs.AclResourceTypes.TOPIC,
    group: kafkajs.AclResourceTypes.GROUP,
  };
  const operations = {
    read: kafkajs.AclOperationTypes.READ,
    write: kafkajs.AclOperationTypes.WRITE,
    describe: kafkajs.AclOperationTypes.DESCRIBE,
    "describe-configs": kafkajs.AclOperationTypes.DESCRIBE_CONFIGS,
  };
  return {
    principal,
    host: "*",
    resourceType: resources[resource],
    resourceName: name,
    resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
    operation: operations[operation],
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  };
}

/** Adds what is missing; asks for more than anybody but an administrator may. */
export async function allow(admin: Admin, permissions: readonly Permission[]): Promise<void> {
  if (permissions.length > 0) await admin.createAcls({ acl: permissions.map(entryOf) });
}
