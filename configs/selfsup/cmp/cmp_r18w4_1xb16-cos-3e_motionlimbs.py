# The second training of a small recipe for a CPU, which goes on from `cmp_r18w4_1xb16-cos-6e_motionclips.py` with
# --cfg-options load_from=CHECKPOINT: most figures stay where they are and turn their limbs. So little moves then that a
# network learns from random weights to predict no motion.
_base_ = 'cmp_r18w4_1xb16-cos-6e_motionclips.py'

train_dataloader = dict(
    dataset=dict(
        guidance=dict(most=(1, 4)), clips=dict(num_clips=1600, moving=1.0, travelling=0.15, speed=(0.03, 0.08))))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=3)
benchmark = dict(dataset='MotionLimbs')
