// biome-ignore-all format: written by a machine.
// Written by generate.ts from the tables; schemas/ holds the same for other languages.
type Superseded = { readonly id: number; readonly kind: string; readonly schema: string };

/** Id of the logged record (envelope and data) of each kind of fact. */
export const factIds = {
  "contact.completed": 361847135,
  "contact.abandoned": 1345182087,
  "order.placed": 1624800848,
  "delivery.status": 645218514,
  "delivery.missed": 1041182842,
  "supply.problem": 99712160,
  "billing.issued": 403695675,
  "billing.error": 1006717733,
  "billing.disputed": 268022603,
  "product.fault": 2087246224,
  "product.recalled": 1183107913,
  "visit.booked": 790911199,
  "visit.completed": 1373484684,
  "visit.missed": 2014844374,
  "visit.rescheduled": 2138301563,
  "social.mention": 598144432,
  "complaint.raised": 627981707,
  "complaint.status": 763545887,
  "survey.invited": 2014122431,
  "survey.answered": 183281185,
  "campaign.claimed": 1688113241,
  "advert.exposed": 1734952754,
  "incident.raised": 570546135,
  "incident.resolved": 1855294985,
  "news.published": 1948065873,
  "organisation.changed": 149286977,
  "promise.made": 759872385,
  "promise.kept": 1697924168,
  "promise.broken": 1002896968,
  "promise.withdrawn": 1007010472,
  "promise.renegotiated": 466744782,
  "promise.paused": 462719305,
  "promise.resumed": 1273201079,
  "resolution.proposed": 1958196633,
  "resolution.offered": 1742311870,
  "resolution.accepted": 1088804378,
  "resolution.outcome": 2078841116,
  "alert.acknowledged": 653777881,
  "alert.snoozed": 580559137,
  "alert.false-alarm": 1687333910,
  "charge.disputed": 225129370,
  "charge.ruled": 1089475914,
  "profile.updated": 1011527724,
  "preference.set": 1495513514,
  "identity.linked": 1898518058,
  "identity.unlinked": 875452277,
  "source.heartbeat": 1173219319,
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
