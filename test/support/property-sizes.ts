import fc from "fast-check";

/** What a property says may be 600 long is: fast-check stops at ten of anything unless told. */
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
