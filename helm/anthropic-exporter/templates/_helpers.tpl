{{/* Where the program listens when nobody says otherwise. */}}
{{- define "anthropic-exporter.port" -}}10114{{- end }}

{{- define "anthropic-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 52 characters leave room for what Kubernetes adds to the name of a StatefulSet, and the chart to others. */}}
{{- define "anthropic-exporter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "anthropic-exporter.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "anthropic-exporter.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "anthropic-exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "anthropic-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "anthropic-exporter.testLabels" -}}
app.kubernetes.io/name: {{ include "anthropic-exporter.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "anthropic-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "anthropic-exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "anthropic-exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "anthropic-exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "anthropic-exporter.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* The secret with the Admin key: the pod waits for it, and starts by itself once it is there. */}}
{{- define "anthropic-exporter.keySecret" -}}
{{- default (printf "%s-admin-key" (include "anthropic-exporter.fullname" .)) .Values.anthropic.existingSecret }}
{{- end }}

{{- define "anthropic-exporter.webSecret" -}}
{{- if .Values.webConfig.existingSecret }}
{{- .Values.webConfig.existingSecret }}
{{- else if .Values.webConfig.content }}
{{- printf "%s-web" (include "anthropic-exporter.fullname" .) }}
{{- end }}
{{- end }}

{{- define "anthropic-exporter.webFile" -}}
{{- ternary .Values.webConfig.existingSecretKey "web.yml" (not (empty .Values.webConfig.existingSecret)) }}
{{- end }}

{{- define "anthropic-exporter.scheme" -}}
{{- if .Values.webConfig.scheme }}
{{- .Values.webConfig.scheme }}
{{- else if or .Values.webConfig.existingSecret .Values.webConfig.content.tls_server_config }}
{{- "https" }}
{{- else }}
{{- "http" }}
{{- end }}
{{- end }}

{{/* Whether everybody gets an answer: no password, no client certificate, as far as the chart can know. */}}
{{- define "anthropic-exporter.open" -}}
{{- $content := .Values.webConfig.content }}
{{- $clients := dig "tls_server_config" "client_auth_type" "" $content }}
{{- if not (or .Values.webConfig.existingSecret $content.basic_auth_users (eq $clients "RequireAndVerifyClientCert")) }}
{{- "true" }}
{{- end }}
{{- end }}

{{- define "anthropic-exporter.probe" -}}
{{- $type := default (ternary "http" "tcp" (not (empty (include "anthropic-exporter.open" .root)))) .root.Values.probes.type }}
{{- if eq $type "http" }}
httpGet:
  path: {{ .path }}
  port: metrics
  {{- if eq (include "anthropic-exporter.scheme" .root) "https" }}
  scheme: HTTPS
  {{- end }}
  {{- with .root.Values.probes.httpHeaders }}
  httpHeaders:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else }}
tcpSocket:
  port: metrics
{{- end }}
{{- with .timing }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The job label of the scraped series, as the operator makes it. */}}
{{- define "anthropic-exporter.job" -}}
{{- ternary (include "anthropic-exporter.name" .) (include "anthropic-exporter.fullname" .) .Values.podMonitor.enabled }}
{{- end }}

{{/* What ServiceMonitor and PodMonitor say about the endpoint alike. */}}
{{- define "anthropic-exporter.endpoint" -}}
{{- $monitor := .monitor }}
- port: metrics
  path: {{ $monitor.path }}
  scheme: {{ include "anthropic-exporter.scheme" .root }}
  interval: {{ $monitor.interval }}
  scrapeTimeout: {{ $monitor.scrapeTimeout }}
  honorLabels: false
  {{- with $monitor.tlsConfig }}
  tlsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $monitor.basicAuth }}
  basicAuth:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  relabelings:
    - targetLabel: instance
      replacement: {{ include "anthropic-exporter.fullname" .root }}
    - action: labeldrop
      regex: pod|container|endpoint
    {{- with $monitor.relabelings }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $monitor.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
