export {
  type Names,
  namesFrom,
  namesOf,
  Registrar,
  type RegistrarLimits,
  type Routed,
  type Routing,
} from "./registrar.ts";
