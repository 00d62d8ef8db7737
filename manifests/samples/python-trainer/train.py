"""An Espalier trainer in Python's standard library: logistic regression, trained by SGD."""
import hashlib, json, math, os, pathlib, random, signal, struct, sys, time

task = json.loads(os.environ['ESPALIER_TRIAL'])
param = {each.pop('name'): next(iter(each.values())) for each in task['parameters']}
out, resume = (pathlib.Path(os.environ[name]) for name in ('ESPALIER_OUT', 'ESPALIER_RESUME'))
report = open(os.environ['ESPALIER_REPORT'].removeprefix('file:'), 'a', buffering=1)
stops, digest, kept = [], [0, 0], {}
signal.signal(signal.SIGTERM, lambda *_: stops.append(True))
if not 0 < param['lr'] <= 100: sys.exit(20)  # can never work, so it is never tried again

def tell(**line): report.write(json.dumps({**line, 'time': time.time() * 1000}) + '\n')

def hashed(seq, step, epoch, values):  # the digest tells the controller whether it has every point
    pairs = (name.encode() + b'\0' + struct.pack('<d', values[name]) for name in sorted(values))
    lanes = [0x811c9dc5, 0xa3b93881]
    for byte in struct.pack('<3d', seq, step, epoch) + b''.join(pairs):
        lanes = [(lane ^ byte) * 16777619 & 0xffffffff for lane in lanes]
    return lanes

def write(path, content):  # whole or not at all; returns the file's entry in a manifest
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    with open(out / f'{path}.tmp', 'wb') as file: file.write(content), file.flush(), os.fsync(file)
    os.replace(out / f'{path}.tmp', out / path)
    return {'path': path, 'size': len(content), 'sha256': hashlib.sha256(content).hexdigest()}

def model_at(step): return f'checkpoint-{step}/model.safetensors'

def save(name, steps, resume):  # checkpoints and, at the end, the table; then their manifest
    head = {'w': {'dtype': 'F64', 'shape': [3], 'data_offsets': [0, 24]}}
    head = json.dumps(head | {'__metadata__': {'run': json.dumps(run)}}).encode()
    content = struct.pack('<Q', len(head)) + head + struct.pack('<3d', *run['w'])
    path = model_at(run['step'])
    if path not in kept: kept[path] = write(path, content)
    files = [kept[model_at(step)] for step in sorted(steps)]
    table = ['epoch,loss,valid_loss\n', *run['rows']]
    if stops or resume is None: files.append(write('metrics.csv', ''.join(table).encode()))
    owner = {'version': 1, 'trialUid': task['uid'], 'attempt': task['attempt'], 'files': files}
    facts = {key: run[key] for key in ('step', 'epoch', 'best')} | {'resume': resume}
    write(name, json.dumps(owner | facts).encode())

def chance(x): return 1 / (1 + math.exp(-max(-30, min(30, sum(map(math.prod, zip(run['w'], x)))))))

def cost(pairs):
    return -sum(math.log(chance(x) if y else 1 - chance(x)) for x, y in pairs) / len(pairs)

run = {'w': [0, 0, 0], 'seq': 0, 'step': 0, 'epoch': 0, 'best': None, 'rows': []}
for path in resume.glob('manifest*.json'):  # at most one: go on where an earlier attempt was
    manifest = json.loads(path.read_text())
    for file in [each['path'] for each in manifest['files'] if each['path'] != 'metrics.csv']:
        kept[file] = write(file, (resume / file).read_bytes())
    saved = (resume / model_at(manifest['resume']['step'])).read_bytes()
    head = json.loads(saved[8:8 + struct.unpack('<Q', saved[:8])[0]])
    run = json.loads(head['__metadata__']['run'])
first = run['seq']
tell(kind='started', firstSeq=first, resumedStep=run['step'], epochs=param['epochs'])
rng = random.Random(1)
plane = [(1, rng.gauss(0, 1), rng.gauss(0, 1)) for _ in range(1500)]
examples = [(x, float(x[1] + 2 * x[2] + rng.gauss(0, 0.5) > 0.5)) for x in plane]
while run['epoch'] < param['epochs'] and not stops:
    for x, y in random.Random(run['epoch']).sample(examples[:1000], 1000):  # one epoch
        error = chance(x) - y
        run['w'] = [w - param['lr'] * (error * v + param['decay'] * w) for w, v in zip(run['w'], x)]
    loss, valid_loss = cost(examples[:1000]), cost(examples[1000:])
    point = {'seq': run['seq'], 'step': run['step'] + 1000, 'epoch': run['epoch'] + 1,
             'values': {'loss': loss, 'valid_loss': valid_loss}}
    run |= {'seq': run['seq'] + 1, 'step': point['step'], 'epoch': point['epoch']}
    if run['best'] is None or valid_loss < run['best']['value']:
        run['best'] = {'step': run['step'], 'epoch': run['epoch'], 'value': valid_loss}
    run['rows'].append(f"{run['epoch']},{loss},{valid_loss}\n")
    digest = [old ^ new for old, new in zip(digest, hashed(**point))]
    tell(kind='points', points=[point | {'time': time.time() * 1000}])
    if run['epoch'] < param['epochs']:
        steps = {run['step'], run['best']['step']}
        save(f"manifest-{run['step']}.json", steps, {'step': run['step']})
if run['epoch'] < param['epochs']: sys.exit(10)  # saved; another attempt goes on from here
save('manifest.json', {run['best']['step']}, None)
last = run['seq'] - 1 if run['seq'] > first else -1
tell(kind='finished', lastSeq=last, digest='%08x%08x' % tuple(digest))
