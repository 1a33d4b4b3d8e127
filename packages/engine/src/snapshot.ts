import type { Fact } from "@troth/events";
import { invariant } from "@troth/events";
import type { NoiseRule, PledgeTemplate, Policy } from "@troth/policy";
import type { Customer, LooseMarks, NoiseItem, Pledge, SourceHealth, State } from "./state.ts";
import { emptyCustomer } from "./state.ts";

/**
 * The state as lines of JSON: a head, then one line a customer. Templates and rules are named by their
 * number in the policy, so a snapshot belongs to the policy hash in its head and no other.
 */
export function* snapshotState(policy: Policy, state: State): Generator<string> {
  const head: Head = {
    format: 1,
    policy: policy.hash,
    stamp: state.stamp,
    sources: state.sources,
    cohorts: state.cohorts,
    customers: state.customers.size,
  };
  yield JSON.stringify(head);
  for (const customer of state.customers.values()) yield JSON.stringify(writeCustomer(customer));
}

type Head = {
  readonly format: 1;
  readonly policy: string;
  readonly stamp: number;
  readonly sources: SourceHealth[];
  readonly cohorts: Fact[];
  readonly customers: number;
};

type WrittenPledge = Pick<Pledge, "key" | "terms" | "marks" | "rows"> & {
  readonly template: number;
  /** Null stands for Infinity, which JSON does not have. */
  readonly nextAt: number | null;
  readonly hot: boolean;
  readonly waits: boolean;
};

type Written = Omit<
  Customer,
  "pledges" | "pledgeIndex" | "hot" | "noises" | "loose" | "revisions" | "reviewAt"
> & {
  readonly pledges: readonly WrittenPledge[];
  readonly noises: readonly (Omit<NoiseItem, "rule"> & { readonly rule: number })[];
  readonly loose: readonly (Omit<LooseMarks, "template"> & { readonly template: number })[];
  readonly revisions: readonly (readonly [string, number])[] | null;
  readonly reviewAt: number | null;
};

const finite = (at: number): number | null => (at === Number.POSITIVE_INFINITY ? null : at);
const moment = (at: number | null): number => at ?? Number.POSITIVE_INFINITY;

function writeCustomer(customer: Customer): Written {
  return {
    key: customer.key,
    tenant: customer.tenant,
    pledges: customer.pledges.map((pledge) => ({
      template: pledge.template.index,
      key: pledge.key,
      terms: pledge.terms,
      marks: pledge.marks,
      rows: pledge.rows,
      nextAt: finite(pledge.nextAt),
      hot: customer.hot.includes(pledge),
      waits: pledge.rows.some((row) => ["source-blind", "overdue"].includes(row.verdict)),
    })),
    noises: customer.noises.map((noise) => ({ ...noise, rule: noise.rule.index })),
    loose: customer.loose.map((one) => ({ ...one, template: one.template.index })),
    profile: customer.profile,
    exposures: customer.exposures,
    revisions: customer.revisions === null ? null : [...customer.revisions],
    level: customer.level,
    reviewAt: finite(customer.reviewAt),
    episode: customer.episode,
  };
}

/** Lines of `snapshotState` back to state. Trips an invariant on a snapshot of another policy. */
export function restoreState(policy: Policy, lines: Iterable<string>): State {
  let state: State | null = null;
  let expected = 0;
  for (const line of lines) {
    if (state === null) {
      const head = JSON.parse(line) as Head;
      invariant(head.format === 1, `snapshot format ${String(head.format)} is not known here`);
      invariant(head.policy === policy.hash, "the snapshot was made under another policy");
      expected = head.customers;
      state = {
        customers: new Map(),
        sources: head.sources,
        cohorts: head.cohorts,
        waiting: policy.sources.map(() => new Set<Pledge>()),
        stamp: head.stamp,
      };
      continue;
    }
    const customer = readCustomer(policy, state, JSON.parse(line) as Written);
    state.customers.set(customer.key, customer);
  }
  invariant(state !== null, "the snapshot is empty");
  invariant(state.customers.size === expected, "the snapshot lacks customers its head counts");
  return state;
}

function templateAt(policy: Policy, index: number): PledgeTemplate {
  const template = policy.pledges[index];
  invariant(template !== undefined, "a pledge template the policy does not have");
  return template;
}

function ruleAt(policy: Policy, index: number): NoiseRule {
  const rule = policy.noises[index];
  invariant(rule !== undefined, "a noise rule the policy does not have");
  return rule;
}

function readCustomer(policy: Policy, state: State, written: Written): Customer {
  const customer = emptyCustomer(written.key, written.tenant);
  for (const one of written.pledges) {
    const template = templateAt(policy, one.template);
    const pledge: Pledge = {
      template,
      key: one.key,
      id: `${template.id}/${one.key}`,
      terms: one.terms,
      marks: one.marks,
      rows: one.rows,
      nextAt: moment(one.nextAt),
      customer,
    };
    customer.pledges.push(pledge);
    if (one.hot) customer.hot.push(pledge);
    if (one.waits && template.source !== null) state.waiting[template.source.index]?.add(pledge);
  }
  if (customer.pledges.length > 12) {
    customer.pledgeIndex = new Map(customer.pledges.map((pledge) => [pledge.id, pledge]));
  }
  customer.noises = written.noises.map((one) => ({ ...one, rule: ruleAt(policy, one.rule) }));
  customer.loose = written.loose.map((one) => ({
    ...one,
    template: templateAt(policy, one.template),
  }));
  customer.profile = written.profile;
  customer.exposures = written.exposures;
  customer.revisions = written.revisions === null ? null : new Map(written.revisions);
  customer.level = written.level;
  customer.reviewAt = moment(written.reviewAt);
  customer.episode = written.episode;
  return customer;
}
