export {
  type Deliver,
  Dispatcher,
  type DispatcherOptions,
  type DispatcherSnapshot,
  type Fate,
  type Tally,
} from "./dispatcher.ts";
export {
  type Names,
  namesFrom,
  namesOf,
  Registrar,
  type RegistrarLimits,
  type Routed,
  type Routing,
} from "./registrar.ts";
