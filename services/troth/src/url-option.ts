import { InvalidArgumentError } from "commander";

/** Reads an option that is an address; who gives something else is shown an example. */
export const httpUrlOf =
  (example: string) =>
  (text: string): string => {
    if (URL.canParse(text) && /^https?:/.test(text)) return text;
    throw new InvalidArgumentError(`an address such as ${example}`);
  };
