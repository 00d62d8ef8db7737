{{/* The controller's settings; controller/src/config.ts says what they mean. */}}
{{- define "espalier.config" -}}
{{- $controller := .Values.controller -}}
{{- with .Values.namespaces }}
namespaces: {{ toJson . }}
{{- end }}
{{- if .Values.images.trainer.repository }}
trainerImage: {{ include "espalier.image" (list $ "trainer") | quote }}
{{- end }}
leaseNamespace: {{ .Release.Namespace | quote }}
leaseName: {{ include "espalier.fullname" . }}-controller
leaseDuration: {{ $controller.leaseDuration }}
renewDeadline: {{ $controller.renewDeadline }}
retryPeriod: {{ $controller.retryPeriod }}
workers: {{ int $controller.workers }}
viewInterval: {{ $controller.viewInterval }}
httpPort: {{ int $controller.httpPort }}
logLevel: {{ $controller.logLevel }}
metricSeries: {{ int $controller.metricSeries }}
metricSeriesPerExperiment: {{ int $controller.metricSeriesPerExperiment }}
metricParameters: {{ $controller.metricParameters }}
metricGrace: {{ $controller.metricGrace }}
{{- if ne .Values.nats.mode "none" }}
natsKeys: /etc/espalier/nats
natsStreamBytes: {{ .Values.nats.streamSize | quote }}
courierImage: {{ include "espalier.image" (list $ "courier") | quote }}
{{- if eq .Values.nats.mode "external" }}
natsServers: {{ toJson .Values.nats.external.servers }}
{{- else }}
natsServers: [{{ printf "%s:4222" (include "espalier.host" (list $ "nats")) | quote }}]
{{- end }}
{{- end }}
{{- if ne .Values.s3.mode "none" }}
s3Bucket: {{ .Values.s3.bucket | quote }}
s3Prefix: {{ .Values.s3.prefix | quote }}
s3Region: {{ .Values.s3.region | quote }}
s3AttemptQuota: {{ .Values.s3.attemptQuota | quote }}
{{- if eq .Values.s3.mode "external" }}
{{- with .Values.s3.external.endpoint }}
s3Endpoint: {{ . | quote }}
{{- end }}
s3PathStyle: {{ .Values.s3.external.pathStyle }}
s3Checksums: {{ .Values.s3.external.checksums }}
{{- else }}
s3Endpoint: {{ printf "http://%s:7070" (include "espalier.host" (list $ "store")) | quote }}
s3PathStyle: true
{{- end }}
{{- end }}
{{- end -}}
