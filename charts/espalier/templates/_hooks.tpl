{{/* Argument: (list "pre-install" "weight"). What a failed hook used stays for a look, until the next try. */}}
{{- define "espalier.hook" -}}
helm.sh/hook: {{ index . 0 }}
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
