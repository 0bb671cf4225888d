/**
 * The VM's public face. A Program is a verified Module, shared by a process; an Activation is one running copy
 * of its globals, and belongs to one request, one iteration or one `neam FILE`.
 */
export {}
