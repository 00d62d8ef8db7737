{{/* The configuration of the bundled server, but for its keys. */}}
{{- define "espalier.natsConfig" -}}
host: "0.0.0.0"
port: 4222
http: "0.0.0.0:8222"
server_name: {{ include "espalier.fullname" . }}
max_payload: 1048576
tls {
  cert_file: "/etc/nats/server.crt"
  key_file: "/etc/nats/server.key"
  min_version: "1.2"
}
jetstream {
  store_dir: "/data"
  max_file_store: {{ .Values.nats.bundled.storage.maxFileStore }}
  max_memory_store: 64M
  sync_interval: always
}
include "accounts.conf"
{{- end -}}

{{/* Names by which the bundled server is reached, by comma. */}}
{{- define "espalier.natsHosts" -}}
{{- $service := printf "%s-nats" (include "espalier.fullname" .) -}}
{{- $host := include "espalier.host" (list $ "nats") -}}
{{- join "," (list $host (printf "%s.%s" $host .Values.clusterDomain) $service (printf "%s.%s" $service .Release.Namespace) "localhost") -}}
{{- end -}}

{{/* Name of the Secret with the certificate of cert-manager; empty = the certificate is that of the keys. */}}
{{- define "espalier.natsTls" -}}
{{- if and (eq .Values.nats.mode "bundled") .Values.nats.bundled.certManager.enabled -}}
{{- printf "%s-nats-tls" (include "espalier.fullname" .) -}}
{{- end -}}
{{- end -}}
