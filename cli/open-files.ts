interface ResourceReport {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } }
}

/** How many files this process may have open (`ulimit -n`, which Node raises as far as it may); null = no limit. */
export function openFileLimit(): number | null {
  const { userLimits } = process.report.getReport() as ResourceReport
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : null
}
