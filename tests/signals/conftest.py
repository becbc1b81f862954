from hypothesis import settings

# A shared or busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
