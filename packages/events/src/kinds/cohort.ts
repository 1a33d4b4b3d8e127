import {
  duration,
  instant,
  int,
  type KindTable,
  listOf,
  money,
  number,
  oneOf,
  required,
  text,
  until,
  where,
} from "./field.ts";

const claim = {
  offerId: text("The offer.", "Schema.org Offer"),
  claimKind: oneOf(["delivery_time", "price", "care"], "What is claimed."),
  claimText: where("Where the wording is kept."),
  claimTarget: duration("Within what time it is claimed to happen."),
  claimPrice: money("Price claimed.", "Schema.org Offer.price"),
  validFrom: instant("From when it holds.", "Schema.org Offer.validFrom"),
  validThrough: until("Until when it holds.", "Schema.org Offer.validThrough"),
  eligibleRegion: text("Where it holds.", "Schema.org Offer.eligibleRegion", 64),
  segment: text("Segment of customers it is meant for.", "", 64),
};

const incident = {
  problemId: text("The incident.", "TMF656 id"),
  category: text("What sort of incident.", "TMF656 category"),
  affectedService: listOf(text("Services affected.", "TMF656 affectedService"), 64),
  affectedLocation: listOf(text("Places affected.", "TMF656 affectedLocation"), 64),
  affectedNumberOfServices: int("How many services.", "TMF656 affectedNumberOfServices"),
  impactImportanceFactor: number("Weight of it, 0 to 100.", "TMF656", 0, 100),
  priority: int("1 (first) to 10.", "TMF656 priority", 1, 10),
  timeRaised: instant("When it was raised.", "TMF656 timeRaised"),
  resolutionDate: instant("When it is, or is expected to be, over.", "TMF656 resolutionDate"),
  rootCauseService: text("Where it began.", "TMF656 rootCauseService"),
  responsibleParty: text("Who is to mend it.", "TMF656 responsibleParty"),
  segment: text("Segment of customers concerned.", "", 64),
};

export const cohortKinds = {
  "campaign.claimed": {
    doc: "An advertisement or campaign makes a claim to everyone it reaches.",
    subject: "cohort",
    fields: { campaignId: required(text("The campaign.")), ...claim },
  },
  "advert.exposed": {
    doc: "This customer was reached by an advertisement.",
    subject: "required",
    fields: {
      campaignId: text("The campaign."),
      ...claim,
      exposedAt: instant("When it reached them."),
    },
  },
  "incident.raised": {
    doc: "Something broke that touches many customers.",
    subject: "cohort",
    fields: incident,
  },
  "incident.resolved": {
    doc: "It is mended.",
    subject: "cohort",
    fields: incident,
  },
  "news.published": {
    doc: "News about us or the trade reached the public.",
    subject: "cohort",
    fields: {
      url: where("Where it is.", "Schema.org NewsArticle.url"),
      publisher: text("Who published it.", "Schema.org NewsArticle.publisher"),
      datePublished: instant("When.", "Schema.org NewsArticle.datePublished"),
      topic: text("What it is about."),
      stance: oneOf(["negative", "neutral", "positive"], "How it speaks of us."),
      segment: text("Segment of customers concerned.", "", 64),
      campaignId: text("Campaign it is about."),
    },
  },
  "organisation.changed": {
    doc: "The organisation changed in a way customers may come to feel.",
    subject: "cohort",
    fields: {
      changeId: text("The change."),
      changeType: oneOf(
        ["staffing", "cost_target", "directive", "priority", "outsourcing", "insourcing", "system"],
        "What sort of change.",
      ),
      effectiveFrom: instant("From when it takes effect."),
      magnitude: number("Size, as a share: -0.2 is a fifth less."),
      decidedBy: text("Role that decided it; never a name."),
      segment: text("Segment of customers concerned.", "", 64),
    },
  },
} satisfies Record<string, KindTable>;
