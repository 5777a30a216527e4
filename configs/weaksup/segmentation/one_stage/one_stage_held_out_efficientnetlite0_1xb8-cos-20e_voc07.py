# The same, tested on the third of the photos that segmentors do not learn from.
_base_ = './one_stage_efficientnetlite0_1xb8-cos-20e_voc07.py'
test_dataloader = dict(
    dataset=dict(
        _delete_=True, type='Subset', holdout=1 / 3, held_out=True, dataset={{_base_.test_dataloader.dataset}}))
