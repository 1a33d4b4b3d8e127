import {
  customer,
  instant,
  type KindTable,
  listOf,
  oneOf,
  reference,
  required,
  share,
  text,
  until,
} from "./field.ts";

const joined = {
  reference: required(reference("The name: an order, phone, handle, account, device or call.")),
  customer: required(customer("Whose name it is.")),
  basis: text("On what grounds."),
};

export const customerKinds = {
  "profile.updated": {
    doc: "What the organisation knows of the customer changed. Nothing that identifies them.",
    subject: "required",
    fields: {
      segment: text("Segment.", "", 64),
      tier: text("Tier of service.", "", 64),
      region: text("Region they live in.", "ISO 3166-2", 64),
      products: listOf(text("Products held."), 64),
    },
  },
  "preference.set": {
    doc: "How personal the customer wants it.",
    subject: "required",
    fields: {
      contact: oneOf(["human", "digital", "none"], "Whom they want to deal with."),
      pace: oneOf(["fast", "considered"], "Fast, or with care."),
      price: oneOf(["lowest", "balanced", "service"], "What counts: price or service."),
      familiarity: oneOf(["recognise_me", "do_not"], "Whether they want to be known."),
      basis: oneOf(["declared", "inferred"], "Said by them (it wins), or worked out."),
      confidence: share("How sure, if worked out."),
      expiresAt: until("Until when it may be relied on, if worked out."),
    },
  },
  "identity.linked": {
    doc: "A name belongs to a customer.",
    subject: "required",
    fields: joined,
  },
  "identity.unlinked": {
    doc: "It does not after all; what it brought is taken back.",
    subject: "required",
    fields: joined,
  },
  "source.heartbeat": {
    doc: "A feed is alive, even though it may have nothing to say.",
    subject: "none",
    fields: { upTo: instant("Everything that happened before this has been sent.") },
  },
} satisfies Record<string, KindTable>;
