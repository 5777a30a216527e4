# The ceiling of methods of scenes on ellipses: told what is hidden, of scenes with one to four objects.
_base_ = '../pcnet_m/pcnet_m_unet8_1xb64-cos-8e_digitstacks.py'

model = dict(type='SupervisedCompletion', shape_threshold=0.5)
train_dataloader = dict(dataset=dict(amodal=True))
