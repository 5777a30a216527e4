# OICR for some hundred photos and a CPU.
_base_ = '../wsddn/wsddn_efficientnetlite0_1xb2-cos-8e_voc07.py'

model = dict(head=dict(type='OICRHead'))
