export { type Audit, type AuditLine, openAudit, verifyAudit } from "./access/audit.ts";
export { type Embedder, embedMsMax, embedToken } from "./access/embed.ts";
export type { OidcOptions } from "./access/oidc.ts";
export type { Event } from "./acts/facts.ts";
export { openRecovery } from "./acts/recovery.ts";
export {
  type Desk,
  type DeskOptions,
  type DeskTell,
  type Hand,
  type Handed,
  openDesk,
} from "./http/desk.ts";
export { isLoopback } from "./http/hosts.ts";
export type { PolicyInfo } from "./policy-info.ts";
export { type DeskSettings, embeddersOf, parseSettings, signInOf } from "./settings.ts";
export type { Change } from "./view/changes.ts";
export type { DeskView } from "./view/view.ts";
export { createViews, type DeskViews, defaultTenant } from "./view/views.ts";
