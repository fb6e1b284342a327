using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>How many registers of 32 bits a kernel needs at once: those that hold what is still to be read.</summary>
internal static class Liveness
{
    /// <summary>The most, over all instructions.</summary>
    public static int Most(KernelCode kernel)
    {
        var code = kernel.Instructions;
        var labels = Enumerable.Range(0, code.Count).Where(at => code[at].Operation == Operation.Label)
            .ToDictionary(at => code[at].A.Bits);
        var live = new HashSet<int>?[code.Count + 1];
        live[code.Count] = [];
        int most = 0;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int at = code.Count - 1; at >= 0; at--)
            {
                var one = code[at];
                HashSet<int> here = one.Operation is Operation.Exit or Operation.Branch ? [] : [.. live[at + 1] ?? []];
                if (one.Operation is Operation.Branch or Operation.BranchUnless)
                    here.UnionWith(live[labels[(one.Operation == Operation.Branch ? one.A : one.B).Bits]] ?? []);
                if (one.HasResult)
                    here.Remove(one.Result.Register);
                for (int i = 0; i < one.Reads; i++)
                {
                    if (!one.Read(i).IsConstant)
                        here.Add(one.Read(i).Register);
                }

                if (live[at] is not { } before || !before.SetEquals(here))
                    (live[at], changed) = (here, true);
            }
        }

        foreach (var registers in live)
            most = Math.Max(most, registers!.Sum(register => Size(kernel.Registers[register])));
        return most;
    }

    private static int Size(RegisterType type) => type switch
    {
        RegisterType.Bool => 0,
        RegisterType.I64 or RegisterType.F64 => 2,
        _ => 1,
    };
}
