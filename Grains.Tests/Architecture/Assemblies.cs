using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>The product's assemblies as they were compiled.</summary>
internal static class Assemblies
{
    public const string Abstractions = "Orleans.Tbptt.Abstractions";
    public const string Data = "Orleans.Tbptt.Data";
    public const string Training = "Orleans.Tbptt.Training";
    public const string Torch = "Orleans.Tbptt.Training.Torch";
    public const string Gpu = "Orleans.Tbptt.Training.Gpu";
    public const string Grains = "Orleans.Tbptt.Grains";
    public const string Cluster = "Orleans.Tbptt.Cluster";
    public const string Silo = "tbptt-silo";
    public const string Client = "tbptt";

    public static IReadOnlyList<string> All { get; } = [Abstractions, Data, Training, Torch, Gpu, Grains, Cluster, Silo, Client];

    public static ModuleDefinition Read(string name) => ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, $"{name}.dll"));

    /// <summary>Names of the assemblies that the code of this one uses.</summary>
    public static IReadOnlyList<string> References(string name)
    {
        using var module = Read(name);
        return [.. module.AssemblyReferences.Select(reference => reference.Name)];
    }

    /// <summary>Every method, of nested types too.</summary>
    public static IEnumerable<MethodDefinition> Methods(ModuleDefinition module) => module.GetTypes().SelectMany(type => type.Methods);

    /// <summary>Every method that a method's body names.</summary>
    public static IEnumerable<MethodReference> Calls(MethodDefinition method) =>
        method.HasBody ? method.Body.Instructions.Where(IsMethod).Select(instruction => (MethodReference)instruction.Operand) : [];

    private static bool IsMethod(Instruction instruction) => instruction.Operand is MethodReference;
}
