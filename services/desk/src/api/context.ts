import type { Flag, Reference } from "@troth/events";
import type { Person } from "../access/person.ts";
import type { PolicyInfo } from "../policy-info.ts";
import type { DeskView } from "../view/view.ts";

/** What every answer is made from. */
export type Context = {
  /** Of the tenant of whoever asks. */
  readonly view: DeskView;
  readonly person: Person;
  /** False where nothing can be handed in: this desk is for reading. */
  readonly canAct: boolean;
  readonly policy: PolicyInfo;
  /**
   * A customer's flag at this moment, as the judge would say it; null when nothing stands or the
   * judge cannot be asked. The tenant is null while no fact of the customer has been seen.
   */
  readonly flagNow: (customer: Reference, tenant: string | null) => Flag | null;
  /** UTC milliseconds of the log's clock. */
  readonly logTime: () => number;
  /** True while everything shown is made up. */
  readonly isDemo: () => boolean;
  readonly intakeUrl: () => string | null;
};
