const held = { session: "troth-desk", signIn: "troth-desk-sign-in" } as const;
export type CookieName = keyof typeof held;

export type Cookies = {
  readonly read: (header: string | undefined, name: CookieName) => string | null;
  readonly set: (name: CookieName, value: string, maxAgeSeconds: number) => string;
  readonly clear: (name: CookieName) => string;
};

/**
 * Cookies no script can read and no other site's form can send. Over https they carry the prefix by
 * which a browser refuses them from anybody but this very host.
 */
export function cookiesFor(isSecure: boolean): Cookies {
  const nameOf = (name: CookieName): string => `${isSecure ? "__Host-" : ""}${held[name]}`;
  const set = (name: CookieName, value: string, maxAgeSeconds: number): string =>
    [
      `${nameOf(name)}=${value}`,
      "Path=/",
      "HttpOnly",
      "SameSite=Lax",
      `Max-Age=${maxAgeSeconds}`,
      ...(isSecure ? ["Secure"] : []),
    ].join("; ");
  return {
    read: (header, name) => {
      const wanted = `${nameOf(name)}=`;
      const found = (header ?? "").split(/; */).filter((one) => one.startsWith(wanted));
      // Two of one name: somebody planted one, and which is ours cannot be told.
      return found.length === 1 ? (found[0]?.slice(wanted.length) ?? null) : null;
    },
    set,
    clear: (name) => set(name, "", 0),
  };
}
