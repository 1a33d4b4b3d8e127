import {
  flag,
  group,
  instant,
  int,
  type KindTable,
  leaning,
  number,
  oneOf,
  required,
  share,
  text,
  until,
  where,
} from "./field.ts";

const complaint = {
  ticketId: text("The ticket.", "TMF621 id"),
  ticketType: oneOf(["complain", "incident", "request"], "What sort of ticket.", "TMF621"),
  category: text("What it is about."),
  priority: text("Priority in the source's words.", "TMF621 priority", 64),
  status: oneOf(
    [
      "acknowledged",
      "rejected",
      "pending",
      "held",
      "inProgress",
      "cancelled",
      "closed",
      "resolved",
    ],
    "Where it stands.",
    "TMF621 status",
  ),
  statusChangeReason: text("Why it stands there.", "TMF621 statusChangeReason"),
  requestedResolutionDate: until("By when the customer asks for it.", "TMF621"),
  expectedResolutionDate: until("By when we said it would be settled.", "TMF621"),
  resolutionDate: instant("When it was settled.", "TMF621"),
  relatedEntity: text("What it is about: an order, a bill …", "TMF621 relatedEntity"),
  upheld: flag("Found to be right.", "FCA complaints review"),
  rootCauseLink: text("Link of the chain where it began.", "FCA complaints review", 64),
};

const question = {
  invitationId: required(text("The invitation; its answer carries the same.")),
  questionId: text("The question."),
  questionText: text("The question as put.", "", 512),
  type: oneOf(["enjoyed_personal_service", "nps", "csat", "ces"], "What is asked.", "Formbricks"),
  scaleMin: number("Lowest score that can be given."),
  scaleMax: number("Highest score that can be given."),
  reasonForAsking: oneOf(
    ["random", "alert", "post_contact", "post_recovery"],
    "Why this customer was asked.",
  ),
  askProbability: share("Probability with which a customer like this is asked."),
};

export const voiceKinds = {
  "social.mention": {
    doc: "Somebody spoke of us in public.",
    subject: "required",
    fields: {
      postUri: where("Where the post is.", "Schema.org SocialMediaPosting.url"),
      platform: text("Where it was said.", "Schema.org SocialMediaPosting", 64),
      datePublished: instant("When it was published.", "Schema.org datePublished"),
      authorLinked: flag("The author is known to be this customer."),
      sentiment: group(
        "Sentiment",
        {
          score: leaning("-1 (bad) to 1 (good)."),
          model: text("What worked it out.", "", 128),
        },
        "How it sounds.",
      ),
      emotion: group(
        "Emotion",
        {
          vocabulary: oneOf(["big6", "everyday-categories"], "Word list used.", "W3C EmotionML"),
          category: text("Word of that list.", "W3C EmotionML", 64),
          confidence: share("How sure.", "W3C EmotionML"),
        },
        "Emotion it shows.",
        "W3C EmotionML",
      ),
      reach: int("Reactions so far.", "Schema.org userInteractionCount"),
      topic: text("What it is about."),
      mentionedLink: text("Link of the chain it names.", "", 64),
      inReplyTo: where("Post it answers.", "Schema.org"),
    },
  },
  "complaint.raised": {
    doc: "The customer complains, or opens a ticket.",
    subject: "required",
    fields: complaint,
  },
  "complaint.status": {
    doc: "A ticket moved on.",
    subject: "required",
    fields: complaint,
  },
  "survey.invited": {
    doc: "A customer was asked for an opinion; the score as of this moment is set down.",
    subject: "required",
    fields: question,
  },
  "survey.answered": {
    doc: "A customer answered: the truth alerts are measured against.",
    subject: "required",
    fields: {
      ...question,
      score: number("The answer on its scale."),
      outcome: oneOf(
        ["enjoyed", "indifferent", "not_enjoyed"],
        "What it comes to; indifferent is the usual state.",
      ),
      answeredAt: instant("When it was answered."),
      verbatim: where("Where the customer's words are kept."),
    },
  },
} satisfies Record<string, KindTable>;
