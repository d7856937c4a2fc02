"""How to reach a guest's console: one module a transport behind one small protocol."""
