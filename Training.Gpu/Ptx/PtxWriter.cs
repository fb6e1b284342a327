using System.Globalization;
using System.Text;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Ptx;

/// <summary>
/// Writes kernels as PTX, the assembly language that NVIDIA's driver compiles for its GPU: one line for each instruction. Every operation
/// on numbers names its rounding, so that nothing is contracted, approximated or flushed to zero.
/// </summary>
/// <param name="target">The architecture, such as <c>sm_80</c>.</param>
internal sealed class PtxWriter(string target)
{
    private readonly StringBuilder _text = new();
    private string _kernel = "";
    private int _gridBarriers;

    /// <summary>Writes a module.</summary>
    public static string Write(IEnumerable<KernelCode> kernels, string target)
    {
        var writer = new PtxWriter(target);
        writer.Header();
        foreach (var kernel in kernels)
            writer.Kernel(kernel);
        return writer._text.ToString();
    }

    private void Header()
    {
        // The first version of the language that knows the architecture; sm_90 came with 7.8.
        string version = target == "sm_80" ? "7.0" : "7.8";
        _text.Append(CultureInfo.InvariantCulture, $".version {version}\n.target {target}\n.address_size 64\n");
    }

    private void Kernel(KernelCode kernel)
    {
        (_kernel, _gridBarriers) = (kernel.Name, 0);
        _text.Append(CultureInfo.InvariantCulture, $"\n.visible .entry {kernel.Name}(\n");
        _text.AppendJoin(",\n", kernel.Parameters.Select((type, i) => $"    .param .{Name(type)} {kernel.Name}_{i}"));
        _text.Append(CultureInfo.InvariantCulture, $")\n.maxntid {kernel.Threads}, 1, 1\n{{\n");
        foreach (var type in Enum.GetValues<RegisterType>().Where(type => type != RegisterType.B32 || kernel.UsesTensorCores))
        {
            string declared = type == RegisterType.Bool ? "pred" : Name(type);
            _text.Append(CultureInfo.InvariantCulture, $"    .reg .{declared} {Prefix(type)}<{kernel.Registers.Count + 1}>;\n");
        }

        if (kernel.SpansGrid)
            _text.Append("    .reg .pred %waits;\n    .reg .u32 %arrived;\n");
        if (kernel.SharedBytes > 0)
            _text.Append(CultureInfo.InvariantCulture, $"    .shared .align 16 .b8 {kernel.Name}_shared[{kernel.SharedBytes}];\n");
        foreach (var instruction in kernel.Instructions)
            Instruction(instruction);
        _text.Append("}\n");
    }

    private void Instruction(Instruction one)
    {
        if (one.Operation == Operation.Label)
        {
            _text.Append(CultureInfo.InvariantCulture, $"$L{one.A.Bits}:\n");
            return;
        }

        if (one.Operation == Operation.GridBarrier)
        {
            GridBarrier(one);
            return;
        }

        string a = Text(one.A), b = Text(one.B), c = Text(one.C), result = Text(one.Result), type = Name(one.Type);
        Line(one.Operation switch
        {
            Operation.Move => $"mov.{(one.Type == RegisterType.Bool ? "pred" : type)} {result}, {a}",
            Operation.Add or Operation.Subtract => $"{(one.Operation == Operation.Add ? "add" : "sub")}{Rounding(one.Type)}.{type} "
                + $"{result}, {a}, {b}",
            Operation.Multiply => $"mul{(IsFloat(one.Type) ? ".rn" : ".lo")}.{type} {result}, {a}, {b}",
            Operation.Divide => $"div{Rounding(one.Type)}.{type} {result}, {a}, {b}",
            Operation.Remainder => $"rem.{type} {result}, {a}, {b}",
            Operation.Negate => $"neg.{type} {result}, {a}",
            Operation.SquareRoot => $"sqrt.rn.{type} {result}, {a}",
            Operation.FusedMultiplyAdd => $"fma.rn.{type} {result}, {a}, {b}, {c}",
            Operation.WideMultiplyAdd => $"mad.wide.s32 {result}, {a}, {b}, {c}",
            Operation.And => $"and.{BitsOf(one.Type)} {result}, {a}, {b}",
            Operation.Or => $"or.{BitsOf(one.Type)} {result}, {a}, {b}",
            Operation.Xor => $"xor.{BitsOf(one.Type)} {result}, {a}, {b}",
            Operation.ShiftLeft => $"shl.{BitsOf(one.Type)} {result}, {a}, {b}",
            Operation.ShiftRight => $"shr.u{Length(one.Type)} {result}, {a}, {b}",
            Operation.ShiftRightArithmetic => $"shr.s{Length(one.Type)} {result}, {a}, {b}",
            Operation.Convert => $"{Conversion(one.Type, one.Result.Type)} {result}, {a}",
            Operation.Reinterpret => $"mov.{BitsOf(one.Type)} {result}, {a}",
            Operation.Less => $"setp.lt.{type} {result}, {a}, {b}",
            Operation.LessOrEqual => $"setp.le.{type} {result}, {a}, {b}",
            Operation.Equal => $"setp.eq.{type} {result}, {a}, {b}",
            Operation.NotEqual => $"setp.ne.{type} {result}, {a}, {b}",
            Operation.Select => $"selp.{(IsFloat(one.Type) ? type : BitsOf(one.Type))} {result}, {b}, {c}, {a}",
            Operation.Parameter => $"ld.param.{type} {result}, [{_kernel}_{one.A.Bits}]",
            Operation.Load => $"ld.global.{type} {result}, [{a}+{b}]",
            Operation.Store => $"st.global.{type} [{a}+{b}], {c}",
            Operation.LoadShared => $"ld.shared.{type} {result}, [{a}+{b}]",
            Operation.StoreShared => $"st.shared.{type} [{a}+{b}], {c}",
            Operation.SharedBase => $"mov.u32 {result}, {_kernel}_shared",
            Operation.ThreadIndex => $"mov.u32 {result}, %tid.x",
            Operation.BlockX => $"mov.u32 {result}, %ctaid.x",
            Operation.BlockY => $"mov.u32 {result}, %ctaid.y",
            Operation.BlocksX => $"mov.u32 {result}, %nctaid.x",
            Operation.BlocksY => $"mov.u32 {result}, %nctaid.y",
            Operation.Branch => $"bra $L{one.A.Bits}",
            Operation.BranchUnless => $"@!{a} bra $L{one.B.Bits}",
            Operation.Barrier => "bar.sync 0",
            Operation.Exit => "ret",
            Operation.RoundTf32 => $"cvt.rna.tf32.f32 {result}, {a}",
            Operation.PackBfloat16 => $"cvt.rn.bf16x2.f32 {result}, {a}, {b}",
            Operation.ProductTf32 => $"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {OfWarp(one)}",
            Operation.ProductBfloat16 => $"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {OfWarp(one)}",
            _ => throw new InvalidOperationException($"operation {one.Operation} has no instruction"),
        });
    }

    /// <summary>The registers of a product of a warp; the sums are read and written.</summary>
    private static string OfWarp(Instruction one)
    {
        string sums = Vector(one.Result, Code.Instruction.SumRegisters);
        return $"{sums}, {Vector(one.A, Code.Instruction.LeftRegisters)}, {Vector(one.B, Code.Instruction.RightRegisters)}, {sums}";

        static string Vector(Operand first, int count) =>
            $"{{{string.Join(", ", Enumerable.Range(0, count).Select(i => Text(first.Next(i))))}}}";
    }

    /// <summary>
    /// The block's first thread says that its block has arrived, which releases what the block stored, and waits until all blocks have,
    /// which acquires what they stored.
    /// </summary>
    private void GridBarrier(Instruction one)
    {
        string address = Text(one.A), arrivals = Text(one.B);
        int number = _gridBarriers++;
        Line("bar.sync 0");
        Line("mov.u32 %arrived, %tid.x");
        Line("setp.ne.u32 %waits, %arrived, 0");
        Line($"@%waits bra $G{number}_passed");
        Line("fence.acq_rel.gpu");
        Line($"atom.acq_rel.gpu.global.add.u32 %arrived, [{address}], 1");
        _text.Append(CultureInfo.InvariantCulture, $"$G{number}_waits:\n");
        Line($"ld.acquire.gpu.global.u32 %arrived, [{address}]");
        Line($"setp.lt.u32 %waits, %arrived, {arrivals}");
        Line($"@%waits bra $G{number}_waits");
        Line("fence.acq_rel.gpu");
        _text.Append(CultureInfo.InvariantCulture, $"$G{number}_passed:\n");
        Line("bar.sync 0");
    }

    private void Line(string text) => _text.Append("    ").Append(text).Append(";\n");

    private static string Text(Operand operand) => !operand.IsConstant ? $"{Prefix(operand.Type)}{operand.Register}" : operand.Type switch
    {
        RegisterType.F32 => $"0f{operand.Bits:X8}",
        RegisterType.F64 => $"0d{operand.Bits:X16}",
        _ => operand.Bits.ToString(CultureInfo.InvariantCulture),
    };

    private static string Conversion(RegisterType from, RegisterType to) => (from, to) switch
    {
        (RegisterType.F32, RegisterType.I32) => "cvt.rzi.s32.f32",
        (RegisterType.F32, RegisterType.F64) => "cvt.f64.f32",
        (RegisterType.F64, RegisterType.F32) => "cvt.rn.f32.f64",
        (RegisterType.I32, RegisterType.F64) => "cvt.rn.f64.s32",
        (RegisterType.I32, RegisterType.I64) => "cvt.s64.s32",
        (RegisterType.I64, RegisterType.I32) => "cvt.u32.u64",
        _ => throw new InvalidOperationException($"no conversion from {from} to {to}"),
    };

    private static bool IsFloat(RegisterType type) => type is RegisterType.F32 or RegisterType.F64;

    private static string Rounding(RegisterType type) => IsFloat(type) ? ".rn" : "";

    private static int Length(RegisterType type) => type is RegisterType.I64 or RegisterType.F64 ? 64 : 32;

    private static string BitsOf(RegisterType type) => type == RegisterType.Bool ? "pred" : $"b{Length(type)}";

    private static string Name(RegisterType type) => type switch
    {
        RegisterType.I32 => "s32",
        RegisterType.I64 => "u64",
        RegisterType.F32 => "f32",
        RegisterType.F64 => "f64",
        RegisterType.B32 => "b32",
        _ => "pred",
    };

    private static string Prefix(RegisterType type) => type switch
    {
        RegisterType.Bool => "%p",
        RegisterType.I32 => "%r",
        RegisterType.I64 => "%rd",
        RegisterType.F32 => "%f",
        RegisterType.B32 => "%b",
        _ => "%fd",
    };
}
