export { type Channel, openLogChannel, type Sent } from "./channel.ts";
export type { AlertMessage, Message, StormMessage } from "./message.ts";
export { type Notify, type NotifyOptions, type NotifyTell, openNotify } from "./notify.ts";
export { checkTarget, openWebhookChannel, type WebhookOptions } from "./webhook.ts";
