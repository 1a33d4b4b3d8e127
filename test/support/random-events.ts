export { randomEvents, seeded } from "@troth/troth";
