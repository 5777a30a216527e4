# A small recipe for a CPU: four landmarks of two shapes that move on their own, by pairs of frames, pixels alone.
_base_ = [
    '../../_base_/datasets/accelerating_clips.py', '../../_base_/schedules/adamw_cos_small.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    type='LandmarkGeneration',
    backbone=dict(type='PairedConvs', channels=8, stages=2),
    appearance=dict(type='PairedConvs', channels=8, stages=2),
    decoder=dict(type='LandmarkDecoder', channels=32, stages=2),
    landmarks=4,
    sigma=0.15,
    normalizers=(1.0,),
    weight=1.0)
train_dataloader = dict(dataset=dict(kind='pair', size=32, clip_length=6, speed=(0.05, 0.1)))
train_cfg = dict(max_epochs=12)
