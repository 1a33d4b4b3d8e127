import { createRequire } from "node:module";

type Lexicon = {
  readonly SentimentIntensityAnalyzer: {
    readonly polarity_scores: (text: string) => { readonly compound: number };
  };
};

/** The package has no types and is loaded only when somebody asks for it: its lexicon is large. */
let loaded: Lexicon | null = null;
function lexicon(): Lexicon {
  loaded ??= createRequire(import.meta.url)("vader-sentiment") as Lexicon;
  return loaded;
}

/** A lexicon takes sarcasm at its word: what it says is a feature, never the verdict. */
export const sentimentModel = "vader-sentiment 1.1.3";

/** How a text sounds in English, -1 to 1 in thousandths; the text itself goes no further. */
export const sentimentOf = (text: string): number =>
  Math.round(lexicon().SentimentIntensityAnalyzer.polarity_scores(text).compound * 1000) / 1000;

/** The three sorts the lexicon's authors cut its scale into. */
export const soundsLike = (score: number): "positive" | "neutral" | "negative" =>
  score >= 0.05 ? "positive" : score <= -0.05 ? "negative" : "neutral";
