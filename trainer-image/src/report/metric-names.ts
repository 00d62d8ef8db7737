/** Every value that a point may have: what an objective may name. */
export const METRIC_NAMES = [
  'train_loss',
  'train_acc',
  'valid_loss',
  'valid_acc',
  'train_loss_weighted',
  'train_acc_weighted',
  'valid_loss_weighted',
  'valid_acc_weighted',
  'grad_norm_mean',
  'grad_norm_max',
  'images_per_sec',
  'epoch_seconds',
  'loss',
  'grad_norm',
  'lr',
] as const;
