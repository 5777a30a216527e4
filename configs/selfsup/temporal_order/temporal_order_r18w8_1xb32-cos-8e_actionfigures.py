# The small recipe of Shuffle and Learn on clips of figures that do something, whose frames the probe of actions sees.
_base_ = './temporal_order_r18w8_1xb32-cos-8e_motionclips.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True, type='ActionFigures', split='train', num_clips=2000, size=48, clip_length=9, supervision='none'))
benchmark = dict(dataset='ActionFigures')
