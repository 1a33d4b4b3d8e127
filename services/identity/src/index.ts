export {
  type Deliver,
  Dispatcher,
  type DispatcherOptions,
  type Fate,
  type Tally,
} from "./dispatcher.ts";
export { Registrar, type RegistrarLimits, type Routed, type Routing } from "./registrar.ts";
