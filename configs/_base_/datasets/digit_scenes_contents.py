# Two to four digits on a photograph, and their pixels: a square around each to train with, whole scenes of other digits
# to test, by their true whole shapes.
_base_ = ['digit_scenes_objects.py']

train_dataloader = dict(batch_size=32, dataset=dict(enlarge=1.5, dataset=dict(num_scenes=600)))
test_dataloader = dict(dataset=dict(content=True))
test_evaluator = dict(type='ContentMetric')
