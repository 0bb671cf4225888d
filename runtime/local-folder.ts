/** A folder of the person at the terminal, behind the jail of workspaces: no link in it leads elsewhere. */
export { openWorkspace as openFolder } from '../stores/tree/workspace.ts'
