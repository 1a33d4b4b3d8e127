// biome-ignore-all format: written by a machine.
// Written by generate.ts from the tables; schemas/ holds the same for other languages.
type Superseded = { readonly id: number; readonly kind: string; readonly schema: string };

/** Id of the logged record (envelope and data) of each kind of fact. */
export const factIds = {
  "contact.completed": 1890339506,
  "contact.abandoned": 744027612,
  "order.placed": 1079553559,
  "delivery.status": 67755513,
  "delivery.missed": 568718393,
  "supply.problem": 1203879033,
  "billing.issued": 1905579791,
  "billing.error": 1447858317,
  "billing.disputed": 1778392148,
  "product.fault": 1850806515,
  "product.recalled": 1830359858,
  "visit.booked": 981978271,
  "visit.completed": 1031755465,
  "visit.missed": 1512775217,
  "visit.rescheduled": 1291391457,
  "social.mention": 1319965002,
  "complaint.raised": 1173635267,
  "complaint.status": 1137341839,
  "survey.invited": 965706693,
  "survey.answered": 70554608,
  "campaign.claimed": 534725455,
  "advert.exposed": 1982129533,
  "incident.raised": 2021367670,
  "incident.resolved": 1691251401,
  "news.published": 450760387,
  "organisation.changed": 1844031167,
  "promise.made": 1426696955,
  "promise.kept": 331100432,
  "promise.broken": 1619064266,
  "promise.withdrawn": 263063194,
  "promise.renegotiated": 14326861,
  "promise.paused": 1809133283,
  "promise.resumed": 1513774190,
  "resolution.proposed": 1373285382,
  "resolution.offered": 139255413,
  "resolution.accepted": 911979547,
  "resolution.outcome": 461025915,
  "alert.acknowledged": 2147226679,
  "alert.snoozed": 895767395,
  "alert.false-alarm": 1003465222,
  "charge.disputed": 699024518,
  "charge.ruled": 1278926920,
  "profile.updated": 511030830,
  "preference.set": 624067542,
  "identity.linked": 1711897460,
  "identity.unlinked": 1893666119,
  "source.heartbeat": 569126213,
} as const;

/** Id of the record of each kind of decision. */
export const decisionIds = {
  pledge: 1976097566,
  alert: 1645832126,
  flag: 818664773,
  survey: 1999378281,
  source: 1507434878,
  cohort: 1588035070,
} as const;

export const supersededFacts: readonly Superseded[] = [];
export const supersededDecisions: readonly Superseded[] = [];
