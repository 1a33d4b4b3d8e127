export {
  type Desk,
  type DeskOptions,
  type DeskTell,
  openDesk,
} from "./http/desk.ts";
export type { PolicyInfo } from "./policy-info.ts";
export type { Change } from "./view/changes.ts";
export { createView, type DeskView } from "./view/view.ts";
