{{/* The name that all others begin with. */}}
{{- define "espalier.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "espalier" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-espalier" (.Release.Name | trunc 30 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "espalier.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (printf "%s-controller" (include "espalier.fullname" .)) -}}
{{- end -}}

{{/* What selects pods; it never changes. Argument: (list $ "component"). */}}
{{- define "espalier.selector" -}}
app.kubernetes.io/name: espalier
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Argument: (list $ "component"). */}}
{{- define "espalier.labels" -}}
{{ include "espalier.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end -}}

{{/* Argument: (list $ "controller"). */}}
{{- define "espalier.image" -}}
{{- $image := index (index . 0).Values.images (index . 1) -}}
{{- printf "%s:%s" $image.repository ($image.tag | default (index . 0).Chart.AppVersion) -}}
{{- end -}}

{{- define "espalier.natsKeys" -}}
{{- if eq .Values.nats.mode "external" -}}
{{- .Values.nats.external.keysSecret -}}
{{- else -}}
{{- .Values.nats.bundled.keysSecret | default (printf "%s-nats-keys" (include "espalier.fullname" .)) -}}
{{- end -}}
{{- end -}}

{{- define "espalier.storeCredentials" -}}
{{- if eq .Values.s3.mode "external" -}}
{{- .Values.s3.external.credentialsSecret -}}
{{- else -}}
{{- .Values.s3.bundled.credentialsSecret | default (printf "%s-store-keys" (include "espalier.fullname" .)) -}}
{{- end -}}
{{- end -}}

{{/* Name of a Service as every pod of the cluster resolves it. Argument: (list $ "nats"). */}}
{{- define "espalier.host" -}}
{{- printf "%s-%s.%s.svc" (include "espalier.fullname" (index . 0)) (index . 1) (index . 0).Release.Namespace -}}
{{- end -}}

{{/* Names of the Secrets that the job of the installation makes, by comma; empty = none. */}}
{{- define "espalier.madeSecrets" -}}
{{- $names := list -}}
{{- if and (eq .Values.nats.mode "bundled") (not .Values.nats.bundled.keysSecret) -}}
{{- $names = append $names (include "espalier.natsKeys" .) -}}
{{- end -}}
{{- if and (eq .Values.s3.mode "bundled") (not .Values.s3.bundled.credentialsSecret) -}}
{{- $names = append $names (include "espalier.storeCredentials" .) -}}
{{- end -}}
{{- join "," $names -}}
{{- end -}}

{{- define "espalier.testNamespace" -}}
{{- .Values.selfTest.namespace | default (first .Values.namespaces) | default .Release.Namespace -}}
{{- end -}}
