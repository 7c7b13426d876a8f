// A small client on the types that are generated from the OpenAPI document: it compiles strictly, and it works.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

declare const process: { env: Record<string, string | undefined> };

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const baseUrl = setting("PORTAL");
const anonymous = createClient<paths>({ baseUrl });

const signedIn = await anonymous.POST("/api/auth/login", {
  body: { username: setting("PORTAL_USER"), password: setting("PORTAL_PASSWORD") },
});
must(signedIn.data !== undefined, `sign-in: ${signedIn.response.status}`);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${signedIn.data.access_token}` } });

const made = await api.POST("/api/products", {
  body: { name: "Invoice Intake", category: "Automation", price: "1499.00" },
});
must(made.data !== undefined, `creation: ${JSON.stringify(made.error)}`);
const product: components["schemas"]["ProductOut"] = made.data;
const tag = made.response.headers.get("ETag");
must(tag !== null, "no ETag");

const changed = await api.PATCH("/api/products/{reference}", {
  params: { path: { reference: product.id }, header: { "If-Match": tag } },
  body: { price: "1599.00" },
});
must(changed.data?.price === "1599.00", `change: ${JSON.stringify(changed.error)}`);
must(changed.data.name === "Invoice Intake", "the name was lost");

const stale = await api.PATCH("/api/products/{reference}", {
  params: { path: { reference: product.id }, header: { "If-Match": tag } },
  body: { name: "Too late" },
});
const problem: components["schemas"]["Problem"] | undefined = stale.error;
must(problem?.status === 412, `stale change: ${stale.response.status}`);

const listed = await anonymous.GET("/api/products", { params: { query: { limit: 5, sort: "-price" } } });
must(listed.data?.[0]?.id === product.id, "the product is not in the list");

const assistants = await anonymous.GET("/api/virtual-assistants");
const spells: string[][] = Object.values(assistants.data?.[0]?.availability.weekly ?? {}).flat();
must(spells.length > 0 && spells.every((spell) => spell.length === 2), "no working hours");

const wrong = await api.POST("/api/products", { body: { name: "", category: "Automation", price: 10 } });
must(wrong.error?.errors?.[0]?.pointer === "/name", `wrong name: ${JSON.stringify(wrong.error)}`);

const gone = await api.DELETE("/api/products/{reference}", { params: { path: { reference: product.id } } });
must(gone.response.status === 204, `archiving: ${gone.response.status}`);
console.log("all is well");
