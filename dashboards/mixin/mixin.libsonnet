// For those who keep monitoring in Jsonnet:
//   (import 'anthropic-exporter/dashboards/mixin/mixin.libsonnet')
// The files beside are the source; here they only get the names that mixins have.
local rules(text) = std.parseYaml(text);

{
  grafanaDashboards+:: {
    'anthropic-overview.json': import '../grafana/anthropic-overview.json',
    'anthropic-cost.json': import '../grafana/anthropic-cost.json',
    'anthropic-usage.json': import '../grafana/anthropic-usage.json',
    'anthropic-keys.json': import '../grafana/anthropic-keys.json',
    'anthropic-limits.json': import '../grafana/anthropic-limits.json',
    'anthropic-claude-code.json': import '../grafana/anthropic-claude-code.json',
    'anthropic-exporter.json': import '../grafana/anthropic-exporter.json',
  },
  prometheusAlerts+:: rules(importstr '../rules/anthropic-alerts.yml'),
  prometheusRules+:: rules(importstr '../rules/anthropic-recording.yml'),
}
