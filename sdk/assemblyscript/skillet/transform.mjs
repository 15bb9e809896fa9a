// The contract's name of the export cannot be written in AssemblyScript.
import { Transform } from 'assemblyscript/transform';

export default class extends Transform {
  afterCompile(module) {
    const { value } = this.binaryen.getExportInfo(module.getExport('run'));
    module.removeExport('run');
    module.addFunctionExport(value, 'skillet:skill/skill@0.1.0#run');
  }
}
