{{/* What every pod of ours is: fit for the Pod Security level "restricted". */}}
{{- define "espalier.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "espalier.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: { drop: [ALL] }
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "espalier.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The spec of a pod that runs a command of the controller once. Argument: (dict "root" $ "name" "keys" "account" NAME "args" LIST). */}}
{{- define "espalier.oneTimeSpec" -}}
serviceAccountName: {{ .account }}
restartPolicy: Never
enableServiceLinks: false
securityContext: {{- include "espalier.podSecurity" .root | nindent 2 }}
{{- include "espalier.pullSecrets" .root }}
{{- with .root.Values.controller.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.controller.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: {{ .name }}
    image: {{ include "espalier.image" (list .root "controller") }}
    imagePullPolicy: {{ .root.Values.images.controller.pullPolicy }}
    args: {{- toYaml .args | nindent 6 }}
    securityContext: {{- include "espalier.containerSecurity" .root | nindent 6 }}
    resources:
      requests: { cpu: 50m, memory: 128Mi }
      limits: { memory: 256Mi }
{{- end -}}
