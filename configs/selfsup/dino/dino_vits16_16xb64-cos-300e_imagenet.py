# The authors' longer run: teacher temperature to 0.07 within 30 epochs, lengths of the prototypes learned.
_base_ = './dino_vits16_8xb64-cos-100e_imagenet.py'

model = dict(head=dict(learn_gain=True), teacher_temperature=(0.04, 0.07), temperature_warmup=30 / 300)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=300)
auto_scale_lr = dict(base_batch_size=1024)
