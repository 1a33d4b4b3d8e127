/** What a customer might write to make a page run it: `ran()` is called if one of them does. */
const bodies = [
  "<script>ran()</script>",
  "<img src=x onerror=ran()>",
  "<svg onload=ran()>",
  "<svg><script>ran()</script></svg>",
  "<iframe srcdoc='<script>parent.ran()</script>'>",
  "<a href=javascript:ran()>press</a>",
  "<body onload=ran()>",
  "<input autofocus onfocus=ran()>",
  "<details open ontoggle=ran()>",
  "<video><source onerror=ran()></video>",
  "<style>@import'javascript:ran()'</style>",
  "<math><mtext><script>ran()</script>",
  "<template><script>ran()</script></template>",
  "javascript:ran()",
  "data:text/html,<script>ran()</script>",
  "{{constructor.constructor('ran()')()}}",
  "$" + "{ran()}",
  "<object data=javascript:ran()>",
  "<marquee onstart=ran()>",
  "<form action=javascript:ran()><button autofocus>",
  "<base href=javascript:ran()//>",
  "<link rel=stylesheet href=javascript:ran()>",
  "<meta http-equiv=refresh content=0;url=javascript:ran()>",
  "<noscript><p title='</noscript><img src=x onerror=ran()>'>",
  "<x onclick=ran() style=animation-name:x>",
];

/** Ways out of wherever the text was put. */
const wrappings: readonly ((body: string) => string)[] = [
  (body) => body,
  (body) => `"><${body.slice(1)}`,
  (body) => `' autofocus onfocus=ran() x='${body}`,
  (body) => `</textarea></title></style>${body}`,
  (body) => `--><!-- -->${body}`,
  (body) => `]]>${body}`,
  (body) => `\\";ran();//${body}`,
  (body) => `&lt;b&gt;\u202e${body}`,
];

/** Two hundred of them. */
export const hostileTexts: readonly string[] = wrappings.flatMap((wrap) => bodies.map(wrap));
