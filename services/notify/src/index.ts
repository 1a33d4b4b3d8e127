export { type AlertmanagerOptions, labelsOf, openAlertmanagerChannel } from "./alertmanager.ts";
export { type Channel, openLogChannel, type Sent } from "./channel.ts";
export type {
  AlertMessage,
  CohortMessage,
  FlagMessage,
  Message,
  SourceMessage,
  StormMessage,
} from "./message.ts";
export { type Notify, type NotifyOptions, type NotifyTell, openNotify } from "./notify.ts";
export { openPagerDutyChannel, type PagerDutyOptions, pagerDutyEvent } from "./pagerduty.ts";
export {
  eventsOf,
  readSilences,
  readWebhook,
  type SilenceWatch,
  type TakenOn,
  watchSilences,
} from "./taken-on.ts";
export { checkTarget, openWebhookChannel, type WebhookOptions } from "./webhook.ts";
