# Ellipses with a digit upon them, and their pixels: a square around each object of scenes with one to four to train
# with; stacks that are three deep to test, by their true whole shapes.
_base_ = ['digit_stacks_objects.py']

train_dataloader = dict(dataset=dict(enlarge=1.5))
test_dataloader = dict(dataset=dict(content=True))
test_evaluator = dict(type='ContentMetric')
