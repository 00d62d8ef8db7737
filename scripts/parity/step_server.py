"""Training steps of the whole network on demand, for a comparison side by side.

    python step_server.py torch|keras|graph BATCH SIDE THREADS

Says {"ready": ...} when it is warm; then, for every line on stdin, makes one step and prints its
milliseconds, those of the processor and the peak memory in MB. All make the same step: random images, cross entropy, global
norm clipped at 10, weight decay in the gradient, Adam.
"""

import json
import os
import resource
import sys
import time

CLASSES = 11
CHANNELS = (64, 128, 256, 512, 512)
HIDDEN = (1024, 512)
LR, DECAY, LIMIT = 3e-4, 1e-5, 10.0


def torch_step(batch, side, threads):
    import torch

    from recipe import recipe_net

    torch.set_num_threads(threads)
    net = recipe_net(side).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=LR, weight_decay=DECAY, fused=True)
    images = torch.rand(batch, 3, side, side).to(memory_format=torch.channels_last)
    labels = torch.arange(batch) % CLASSES

    def step():
        loss = torch.nn.functional.cross_entropy(net(images), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), LIMIT)
        optimizer.step()
        return loss.item()

    return step, f"torch {torch.__version__}"


def tensorflow_for(threads):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf


def keras_step(batch, side, threads):
    tf = tensorflow_for(threads)
    import keras

    layers = [keras.Input((side, side, 3))]
    for count in CHANNELS:
        layers += [
            keras.layers.Conv2D(count, 3, padding="same"),
            keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(2, 2),
        ]
    layers.append(keras.layers.Flatten())
    layers += [keras.layers.Dense(size, activation="relu") for size in HIDDEN]
    layers.append(keras.layers.Dense(CLASSES))
    model = keras.Sequential(layers)
    optimizer = keras.optimizers.Adam(LR, epsilon=1e-8)
    images = tf.random.uniform((batch, side, side, 3))
    labels = tf.range(batch) % CLASSES

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        weights = model.trainable_variables
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, weights), LIMIT)
        decayed = [g + DECAY * w.value for g, w in zip(gradients, weights)]
        optimizer.apply_gradients(zip(decayed, weights))
        return loss

    return lambda: float(run()), f"keras {keras.__version__}"


def graph_step(batch, side, threads):
    tf = tensorflow_for(threads)
    weights, before, height = [], 3, side
    variable = lambda *shape: weights.append(tf.Variable(tf.random.normal(shape, stddev=0.05))) or weights[-1]
    blocks = []
    for count in CHANNELS:
        blocks.append([variable(3, 3, before, count)] + [variable(count) for _ in range(3)])
        before, height = count, height // 2
    size, linears = before * height * height, []
    for count in (*HIDDEN, CLASSES):
        linears.append((variable(size, count), variable(count)))
        size = count
    slots = [(tf.Variable(tf.zeros_like(w)), tf.Variable(tf.zeros_like(w))) for w in weights]
    statistics = [[tf.Variable(tf.zeros(c)), tf.Variable(tf.ones(c))] for c in CHANNELS]
    counter = tf.Variable(0.0)
    images = tf.random.uniform((batch, side, side, 3))
    labels = tf.range(batch) % CLASSES

    def forward():
        value = images
        for (kernel, bias, gamma, beta), (mean, variance) in zip(blocks, statistics):
            value = tf.nn.bias_add(tf.nn.conv2d(value, kernel, 1, "SAME"), bias)
            value, new_mean, new_variance = tf.compat.v1.nn.fused_batch_norm(
                value, gamma, beta, mean, variance, epsilon=1e-5, exponential_avg_factor=0.1
            )
            mean.assign(new_mean)
            variance.assign(new_variance)
            value = tf.nn.relu(tf.nn.max_pool2d(value, 2, 2, "VALID"))
        value = tf.reshape(value, (batch, -1))
        for kernel, bias in linears[:-1]:
            value = tf.nn.relu(tf.matmul(value, kernel) + bias)
        kernel, bias = linears[-1]
        return tf.matmul(value, kernel) + bias

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, forward())
            )
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, weights), LIMIT)
        step = counter.assign_add(1.0)
        for weight, gradient, (m, v) in zip(weights, gradients, slots):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=tf.pow(0.9, step),
                beta2_power=tf.pow(0.999, step),
                lr=LR,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-8 * tf.sqrt(1 - tf.pow(0.999, step)),
                grad=gradient + DECAY * weight,
            )
        return loss

    return lambda: float(run()), f"tensorflow {tf.__version__}"


def say(value):
    print(json.dumps(value), flush=True)


def main(kind, batch, side, threads):
    make = {"torch": torch_step, "keras": keras_step, "graph": graph_step}[kind]
    step, version = make(int(batch), int(side), int(threads))
    for _ in range(2):
        step()
    say({"ready": version})
    for _ in sys.stdin:
        began, cpu = time.perf_counter(), time.process_time()
        step()
        ms, cpu = (1000 * (now - then) for now, then in ((time.perf_counter(), began), (time.process_time(), cpu)))
        say({"ms": ms, "cpuMs": cpu, "peakRssMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024})


if __name__ == "__main__":
    main(*sys.argv[1:])
