import { z } from "zod";

const text = z.string().min(1);
/** Text is a CEL expression; a number, true or false stands for itself. */
const expression = z.union([text, z.number(), z.boolean()]);
const strict = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape);

/** How a record is written. */
export const formats = ["json", "avro", "csv", "debezium"] as const;

export const mappingShape = strict({
  mapping: text,
  source: z.string().min(1).max(512).optional(),
  from: strict({
    format: z.enum(formats),
    topic: text.optional(),
    /** Of Avro values: where schema ids are looked up, or a schema of their own beside the file. */
    registry: z.url().optional(),
    schema: text.optional(),
    delimiter: z.string().length(1).optional(),
  }),
  events: z
    .array(
      strict({
        kind: text,
        when: expression.optional(),
        each: expression.optional(),
        id: expression.optional(),
        subject: expression.optional(),
        time: expression,
        recordedtime: expression.optional(),
        tenant: expression.optional(),
        data: z.record(z.string(), expression).default({}),
      }),
    )
    .min(1)
    .max(50),
});

export type MappingText = z.output<typeof mappingShape>;
export type EventText = MappingText["events"][number];
