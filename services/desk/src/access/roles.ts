export const roles = ["rep", "lead", "owner", "analyst", "admin"] as const;
/**
 * `rep` talks to customers, `lead` answers for a team of reps, `owner` for a link of the chain,
 * `analyst` for the figures and meets no customer in them, `admin` for the desk itself.
 */
export type Role = (typeof roles)[number];

export const permissions = [
  "overview",
  "customers",
  "act",
  "decide",
  "dispute",
  "report",
  "audit",
] as const;
/**
 * `act`: what any representative may do. `decide`: what needs somebody above them. `dispute`: say
 * that a broken promise is another link's. `report`: figures over many. `audit`: who did what.
 */
export type Permission = (typeof permissions)[number];

const granted: Readonly<Record<Role, readonly Permission[]>> = {
  rep: ["overview", "customers", "act"],
  lead: ["overview", "customers", "act", "decide", "dispute", "report"],
  owner: ["overview", "customers", "dispute"],
  analyst: ["overview", "report"],
  admin: ["overview", "report", "audit"],
};

export const mayDo = (role: Role, permission: Permission): boolean =>
  granted[role].includes(permission);

export const permissionsOf = (role: Role): readonly Permission[] => granted[role];
