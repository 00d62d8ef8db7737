{{/* What no schema of single values can say; the message names the values. */}}
{{- define "espalier.checks" -}}
{{- if eq .Values.nats.mode "external" -}}
{{- if not .Values.nats.external.servers -}}
{{- fail "nats.external.servers: name the servers (host:port), because nats.mode is external" -}}
{{- end -}}
{{- if not .Values.nats.external.keysSecret -}}
{{- fail "nats.external.keysSecret: name the Secret with account.id, trainer.seed, controller.seed and ca.crt, because nats.mode is external" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.nats.mode "none") (ne .Values.s3.mode "none") -}}
{{- fail "s3.mode: must be none when nats.mode is none, because trainers ask over NATS for their uploads" -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.name: name the ServiceAccount, because serviceAccount.create is false" -}}
{{- end -}}
{{- range .Values.trainerProfiles -}}
{{- if and $.Values.namespaces (not (has .namespace $.Values.namespaces)) -}}
{{- fail (printf "trainerProfiles: %s/%s is in none of the namespaces that the controller looks after" .namespace .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
