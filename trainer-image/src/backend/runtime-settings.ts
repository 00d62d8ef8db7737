/** How libtensorflow is to run; it reads these from the environment once, while it loads. */
export interface RuntimeSettings {
  /** CPU threads for the ops; undefined leaves the choice to TensorFlow (all cores). */
  readonly threads: number | undefined;
  /** Ops whose result depends on the order of threads are refused or replaced, at some cost on a GPU. */
  readonly deterministic: boolean;
}

/** The variables that `settings` stands for. */
export function runtimeEnvironment(settings: RuntimeSettings): Record<string, string> {
  const threads = settings.threads === undefined ? undefined : String(settings.threads);
  return {
    TF_CPP_MIN_LOG_LEVEL: '2',
    // A trial shares its GPU's memory with whatever else runs there.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    ...(settings.deterministic && { TF_DETERMINISTIC_OPS: '1', TF_CUDNN_DETERMINISTIC: '1' }),
    ...(threads !== undefined && {
      TF_NUM_INTRAOP_THREADS: threads,
      // Our ops run one after the other, so a second inter-op thread would only wait.
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: threads,
    }),
  };
}

/** Sets the variables that the environment does not set already: the user has the last word. */
export function applyRuntimeSettings(settings: RuntimeSettings): void {
  for (const [name, value] of Object.entries(runtimeEnvironment(settings))) {
    process.env[name] ??= value;
  }
}

/** Whether the user switched oneDNN off, as for a comparison with PyTorch. */
export function oneDnnIsOff({ TF_ENABLE_ONEDNN_OPTS }: NodeJS.ProcessEnv): boolean {
  return TF_ENABLE_ONEDNN_OPTS === '0';
}
