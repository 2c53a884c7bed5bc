// Holds objects of the Prometheus operator, one JSON list on standard input, against its published models.
const models = require(process.argv[2] + "/monitoring.coreos.com/v1");
let problems = 0;
for (const object of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  try {
    new models[object.kind](object).validate();
  } catch (error) {
    console.error(`${object.kind} ${object.metadata.name}: ${error.message}`);
    problems += 1;
  }
}
process.exit(problems ? 1 : 0);
